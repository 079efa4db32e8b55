"""Models' answers, read into one form. One file a format; `formats` lists them.

jumpstart-instances   JumpStart's instance segmentation: objects with masks
jumpstart-boxes       JumpStart's object detection: boxes
jumpstart-semantic    JumpStart's semantic segmentation: a class a pixel
sagemaker-semantic    SageMaker's built-in semantic segmentation: a PNG, or probabilities
sagemaker-boxes       SageMaker's built-in object detection: boxes
tensorflow            TensorFlow's object detection: boxes, or masks too
huggingface           Hugging Face's pipelines: objects with boxes or masks
fewclick              this tool's own (`own_answer`): a class a pixel, or objects

Nothing is ever unpickled or run: an answer is JSON, a PNG or a protobuf, or it is refused.
"""
