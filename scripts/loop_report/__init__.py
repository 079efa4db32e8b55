"""What an active-learning run did, in four pictures and one page; of real runs and simulated."""
