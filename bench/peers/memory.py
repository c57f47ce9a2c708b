"""Memory of this process (Linux), in bytes."""
import re


def status(field):
    with open("/proc/self/status") as file:
        return int(re.search(rf"^{field}:\s+(\d+) kB", file.read(), re.M).group(1)) * 1024
