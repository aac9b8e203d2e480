"""What do file names say? By the patterns that a BWV administrator writes down for the cameras of the force."""
