"""The push engine: deliveries of reports and updates to bodies, exactly once, with proof."""
