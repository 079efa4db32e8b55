"""The click model trained, measured, packed and put under load."""
