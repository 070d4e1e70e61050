"""The roof: the command line and the console. Everything may be composed here, nothing below imports it."""
