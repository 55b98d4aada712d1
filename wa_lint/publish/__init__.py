"""What writes to AWS, and only on an explicit command: each module one service. It judges nothing."""
