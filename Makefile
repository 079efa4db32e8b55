# What `sam build` runs: one target for each function and for the layer, named after its logical
# id in template.yaml. SAM sets ARTIFACTS_DIR.

PYTHON ?= python3

.PHONY: build-HooksDependencies build-SageMakerPreAnnotation build-SageMakerConsolidation \
	build-ClickProxy build-KeyRotation build-EndpointGuard build-SageMakerActiveLearning

# The libraries are those for Lambda's Python and processor, whatever this machine runs.
build-HooksDependencies:
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --only-binary :all: \
	  --implementation cp --python-version 3.12 \
	  --platform manylinux_2_28_x86_64 --platform manylinux_2_27_x86_64 \
	  --platform manylinux2014_x86_64 \
	  --target "$(ARTIFACTS_DIR)/python" -r hooks/requirements.txt
	find "$(ARTIFACTS_DIR)" -type d \( -name tests -o -name __pycache__ \) -prune -exec rm -rf {} +

# The functions carry our code alone, under the import path it has everywhere else.
build-SageMakerPreAnnotation build-SageMakerConsolidation build-ClickProxy build-KeyRotation \
build-EndpointGuard build-SageMakerActiveLearning:
	cp -R hooks "$(ARTIFACTS_DIR)/"
	rm -f "$(ARTIFACTS_DIR)/hooks/requirements.txt" "$(ARTIFACTS_DIR)"/hooks/*.md
	find "$(ARTIFACTS_DIR)" -type d -name __pycache__ -prune -exec rm -rf {} +
