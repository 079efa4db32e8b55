"""The pure part: standard library, numpy and Pillow only. No AWS, no environment, no clock."""
