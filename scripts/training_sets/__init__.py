"""Labels out of manifests into training sets, and other tools' labels into manifests."""
