"""What happened, and who listens: facts written in the transaction that makes them true."""
