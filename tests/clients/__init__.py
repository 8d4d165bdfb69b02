"""Mail programs that others wrote, each as a whole: what takes mail, what reads it, what answers it."""
