"""What other systems tell us by posting to an address of ours."""
