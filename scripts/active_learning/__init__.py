"""The loop of people and model: `fewclick active-learn`."""
