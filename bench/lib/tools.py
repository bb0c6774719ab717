"""The tools, and how each is asked for a piece of work in the mode that suits it best. Every one
leaves the files' times alone, reads no configuration of the user, and says little."""

import functools
import os
import re
import shutil
import subprocess
import sys

CURL_AT_ONCE = 300  # for one process, up to 8.15
HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Missing(Exception):
    """The tool is not here, or cannot do the work at all."""


def installed(name):
    path = shutil.which(name)
    if not path:
        raise Missing(f"{name} is not installed")
    return path


def asyncdl(build, work, *options):
    trust = ["--cacert", work.ca] if work.tls else []
    return [f"{build}/asyncdl", "-q", "--no-remote-time", "-j", str(work.parallel), *trust, *options,
            "-d", work.out, "-i", work.named]


def asyncdl_again(build, work):
    """As it is run every day: what it keeps, it knows by a file's attribute."""
    home = os.path.dirname(work.out)
    try:
        os.setxattr(home, "user.asyncdl", b"")
        os.removexattr(home, "user.asyncdl")
    except OSError as error:
        raise Missing(f"no user attributes in {home}: {error.strerror}") from None
    return asyncdl(build, work)


def asyncdl_version(build, _):
    return [f"{build}/asyncdl", "--version"]


def floor(build, work):
    program, trust = ("floor_tls", [work.ca]) if work.tls else ("floor", [])
    return [f"{build}/bench/{program}", work.urls, work.out, str(work.parallel), *trust]


def curl(_, work):
    # HTTP/1.1 is what the TLS rows are about; over HTTP/2 curl needs about as much CPU.
    trust = ["--http1.1", "--cacert", work.ca] if work.tls else []
    # Up to 8.15 more than 300 at once are silently 50: as many processes as that takes.
    split = work.parallel > CURL_AT_ONCE and curl_release() < (8, 16)
    at_once = CURL_AT_ONCE if split else work.parallel
    many = ["--parallel", "--parallel-max", str(at_once)] if work.count > 1 else []
    # -s leaves the meter of --parallel on, and it would be paid for.
    command = [installed("curl"), "-q", "-sS", "--no-progress-meter", *trust, *many, "--config"]
    if split:
        return ["xargs", "-d", "\\n", "-a", work.split_curl_config(at_once), "-P", "0", "-n", "1",
                *command]
    return [*command, work.curl_config]


def curl_version(_, __):
    return [installed("curl"), "-q", "--version"]


def aria2(_, work):
    trust = [f"--ca-certificate={work.ca}"] if work.tls else []
    return [installed("aria2c"), "--no-conf", "-q", "--file-allocation=none", f"-j{work.parallel}",
            "-x1", *trust, "-d", work.out, "-i", work.urls]


def aria2_again(build, work):
    # It asks by the file's time, so it has to set that.
    return [*aria2(build, work), "--remote-time=true", "--conditional-get=true",
            "--allow-overwrite=true"]


def wget2(_, work):
    trust = [f"--ca-certificate={work.ca}", "--no-hsts", "--no-ocsp"] if work.tls else []
    # HTTP/2 suits it for small files only: large ones cost it nearly twice the CPU then.
    if work.tls and work.size > 64 * 1024:
        trust.append("--no-http2")
    return [installed("wget2"), "--no-config", "-q", "--no-use-server-timestamps",
            f"--max-threads={work.parallel}", *trust, "-P", work.out, "-i", work.urls]


def wget2_again(build, work):
    # It asks by the file's time, so it has to set that; the last word counts.
    return [*wget2(build, work), "--use-server-timestamps", "--timestamping"]


def aiohttp(_, work):
    trust = [work.ca] if work.tls else []
    return [python_with_aiohttp(), f"{HERE}/aiohttp_client.py", work.urls, work.out,
            str(work.parallel), *trust]


@functools.cache
def python_with_aiohttp():
    """The system's Python has Debian's packages; the one that runs this may be another."""
    for python in ("/usr/bin/python3", sys.executable):
        probe = [python, "-c", "import aiohttp, aiofiles"]
        if os.path.exists(python) and subprocess.run(probe, capture_output=True).returncode == 0:
            return python
    raise Missing("aiohttp and aiofiles are not installed")


def first_line(*command):
    try:
        run = subprocess.run(command, capture_output=True, text=True)
    except OSError:
        return None
    lines = (run.stdout + run.stderr).splitlines()
    return lines[0].strip() if lines else None


@functools.cache
def curl_release():
    found = re.search(r"(\d+)\.(\d+)", first_line(installed("curl"), "-q", "--version"))
    return tuple(map(int, found.groups()))


def versions(build, nginx):
    """Of everything that is measured or measured with. Asking also brings the programs into memory,
    so that no row's first round pays for that."""
    try:
        aiohttp_version = first_line(
            python_with_aiohttp(), "-c",
            "import aiohttp, importlib.metadata as m, platform; print('aiohttp', "
            "aiohttp.__version__, 'aiofiles', m.version('aiofiles'), 'Python', "
            "platform.python_version())")
    except Missing:
        aiohttp_version = None
    return {
        "asyncdl": first_line(f"{build}/asyncdl", "--version"),
        "curl": first_line("curl", "-q", "--version"),
        "aria2": first_line("aria2c", "--version"),
        "wget2": first_line("wget2", "--version"),
        "aiohttp": aiohttp_version,
        "nginx": first_line(nginx, "-v"),
        "kernel": f"{os.uname().sysname} {os.uname().release}",
        "cpu": cpu_model(),
    }


def cpu_model():
    with open("/proc/cpuinfo") as info:
        names = [line.split(":", 1)[1].strip() for line in info if line.startswith("model name")]
    return f"{os.cpu_count()} x {names[0] if names else os.uname().machine}"
