"""An AWS account: deployed to, examined, taken down; its teams and its endpoint's figures."""
