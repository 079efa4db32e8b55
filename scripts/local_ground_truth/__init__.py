"""Ground Truth on one machine: the same requests, events, S3 keys and JSON, and no account.

`local.LocalGroundTruth` starts and stops all of it. The hooks, the worker page and the model
server are the very ones that are deployed; what is stood in for is AWS. Runs on Linux and macOS.

    AWS piece             stand-in                              not imitated

    Ground Truth          labeling_job, consolidation,          built-in task types, streaming jobs,
                          manifest_writer, job_runner:          automated data labeling, SNS and
                          jobs, iterations, files in S3         EventBridge messages, CloudWatch
                                                                metrics, the 30-day limit of a job
    SageMaker API         control_plane, request_check,         everything but Create-, Describe-,
                          request_rules, workforce_plane:       List-, StopLabelingJob, workteams,
                          every pattern, enum and bound of      workforces reaches moto; vendors; a
                          botocore's model, and the             job's workteam is not looked up
                          documented rules
    worker portal         worker_portal, task_views,            encryption, qualification of
                          requester_views, accounts,            workers, the real Crowd elements (a
                          assignments, liquid                   stand-in script is served)
    SageMaker endpoint    runtime_host, endpoint_host,          scaling, several variants, streaming
                          model_server; hosted_models,          invocations, other images than ours;
                          async_invocations for those of        endpoints of CreateEndpoint are gone
                          CreateEndpoint, which moto keeps      after a restart
    API Gateway           http_api: HTTP API, format 2.0        authorizers, throttling, custom
                                                                domains, stages
    Lambda                lambda_runtime: processes with the    layers, IAM, scaling past two
                          template's environment, timeout,      processes of a function, /tmp of its
                          memory and 6 MB                       own, a CPU that follows the memory
    CloudFormation        template_values, stack                all but functions, HTTP API, buckets
                                                                with CORS, secrets, endpoint name
    S3                    cloud, s3_mirror, presigned,          IAM and bucket policies, encryption,
                          link_server: moto, every object       versions and public ACLs after a
                          also a file                           restart; see s3_disk for key names
    Secrets Manager       moto; generated values are kept       changes made through the API are
                                                                gone after a restart

Decided where AWS documents nothing:
  * An object for which `isHumanAnnotationRequired` is false stays in the output manifest as it
    came and counts as unlabeled.
  * A failed object's line has `<label attribute>-metadata` with `failure-reason`, `retry-count`
    and `human-annotated`, and no label. A line that was no JSON object has nothing else.
  * An object that consolidation leaves out of its answer is failed, with that reason; so is one
    whose label is longer than a manifest attribute may be.
  * The consolidation function is invoked up to three times, with at most 100 objects; the
    pre-annotation function once.
  * Links made by `grant_read_access` hold for 15 to 20 minutes from the moment the page is filled.
  * A worker may correct an answer until its object goes to consolidation; the file of its worker
    response is then written anew.
  * A job that is stopped, by request or by a stopping condition, ends as Stopped, and the answers
    that it had got by then are consolidated.
"""
