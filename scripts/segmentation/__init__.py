"""Segmentation models trained on exported labels, and what they see."""
