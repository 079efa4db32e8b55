"""Simulated workers, who label as people do, well or badly."""
