"""What looks unlike honest rating: rules that take values and give findings. They mark, and alter nothing."""
