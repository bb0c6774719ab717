"""The nginx that a row is measured against: its own, on loopback, plain and TLS."""

import os
import random
import shutil
import signal
import subprocess
import time

CONFIG = """
pid {home}/pid;
error_log {home}/error.log;
worker_processes {workers};
worker_rlimit_nofile {files};
events {{ worker_connections {files}; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 100000000;
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    ssl_certificate {home}/cert.pem;
    ssl_certificate_key {home}/key.pem;
    ssl_session_cache shared:tls:4m;
    server {{
        listen 127.0.0.1:{plain} backlog=4096{reuse};
        listen 127.0.0.1:{tls} ssl http2 backlog=4096{reuse};
        root {root};
        # Many names for a hundred files: the last two digits say which. They stay open, since
        # thousands of connections leave the server no descriptors for files.
        location ~ ^/hundred/f\\d+(\\d\\d)$ {{
            alias {root}/hundred/$1;
            open_file_cache max=200;
        }}
        location ~ ^/trickled/f\\d+(\\d\\d)$ {{
            alias {root}/trickled/$1;
            open_file_cache max=200;
            limit_rate 2k;
            sendfile off;  # it sends whole pages, whatever the rate
        }}
    }}
}}
"""


def find_nginx():
    return shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")


def make_certificate(home):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=asyncdl bench", "-addext",
         "subjectAltName=IP:127.0.0.1", "-keyout", f"{home}/key.pem", "-out", f"{home}/cert.pem"],
        check=True, capture_output=True)


class Server:
    """Runs while its context is open. One worker, as the client has one thread, or several, which
    then share the connections by the kernel's hash and not by who is quickest to accept."""

    def __init__(self, home, root, workers, open_files):
        self.home, self.root, self.workers, self.open_files = home, root, workers, open_files
        os.makedirs(home, exist_ok=True)
        self.ca = f"{home}/cert.pem"
        if not os.path.exists(self.ca):
            make_certificate(home)

    def __enter__(self):
        """Below the ports that the kernel gives to clients; others are tried where one is taken."""
        for _ in range(10):
            self.plain_port, self.tls_port = random.sample(range(20000, 30000), 2)
            with open(f"{self.home}/conf", "w") as conf:
                conf.write(CONFIG.format(
                    home=self.home, root=self.root, workers=self.workers, files=self.open_files,
                    reuse=" reuseport" if self.workers > 1 else "",
                    plain=self.plain_port, tls=self.tls_port))
            started = subprocess.run([find_nginx(), "-e", f"{self.home}/error.log", "-p", self.home,
                                      "-c", f"{self.home}/conf"], capture_output=True, text=True)
            if started.returncode == 0:
                with open(f"{self.home}/pid") as pid:
                    self.pid = int(pid.read())
                return self
        raise SystemExit(f"nginx does not start: {started.stderr}")

    def __exit__(self, *_):
        os.kill(self.pid, signal.SIGTERM)
        while os.path.exists(f"{self.home}/pid"):  # the last thing that nginx removes
            time.sleep(0.01)

    def prefix(self, tls):
        """What the URLs of this server begin with."""
        return f"https://127.0.0.1:{self.tls_port}" if tls else f"http://127.0.0.1:{self.plain_port}"

    def cpu_seconds(self):
        """What the workers have used up to now."""
        with open(f"/proc/{self.pid}/task/{self.pid}/children") as children:
            workers = children.read().split()
        ticks = 0
        for worker in workers:
            with open(f"/proc/{worker}/stat") as stat:
                fields = stat.read().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")
