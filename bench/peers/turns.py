"""The loop of a peer whose turns are timed and whose memory is told (Linux): a line of JSON in, a line out."""
import json
import sys
import time

from memory import status


def answer(version, turn):
    """Each line asks for a number of turns. Peaks count from here on, above what the idle process holds."""
    idle = status("VmRSS")
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    print(json.dumps({"torch": version, "idle": idle}), flush=True)
    for line in sys.stdin:
        times = []
        for _ in range(json.loads(line)["steps"]):
            begun = time.perf_counter()
            turn()
            times.append((time.perf_counter() - begun) * 1e3)
        print(json.dumps({"ms": times, "peak": status("VmHWM") - idle}), flush=True)
