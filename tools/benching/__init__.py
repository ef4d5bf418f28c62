"""What the scripts of bench/ share: equal answers first, then times of ours and a peer's, in turns, with spread."""
