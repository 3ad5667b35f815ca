"""The pull engine: status changes and problems born in the back-end, and service lists."""
