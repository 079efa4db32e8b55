"""The click-refinement endpoint: network, predictor, server, training."""
