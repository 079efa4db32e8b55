"""A model labels photos: asked by asynchronous inference, its answers made into labels."""
