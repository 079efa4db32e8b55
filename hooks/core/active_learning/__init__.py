"""Active learning's decisions: which labels of a model can be taken, and what people label next."""
