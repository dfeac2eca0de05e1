"""Stand-ins for what cannot be had from packages; nothing but the images' build contexts refers to them."""
