"""What writes to AWS, and only when it was asked to: each module one service. It judges nothing."""
