"""Every system call of an act fails once, or is the last thing the process ever does; then everything is checked.

`acts` is what is done and what must hold afterwards, `forks` runs one act a time in a child of a process that has
loaded everything already, `tracer` lets `strace` inject the fault, `plants` breaks the product on purpose so that the
harness can be seen to notice.
"""
