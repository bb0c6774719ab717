"""What a row has to fetch: the files as they are served, the lists for each tool, the check."""

import functools
import os

CHUNK = 1 << 20


def make_file(path, size):
    """Random bytes, so that no two files are alike; a file of a run before is used again."""
    if os.path.exists(path):
        return
    with open(path, "wb") as file:
        while size > 0:
            size -= file.write(os.urandom(min(size, CHUNK)))


@functools.lru_cache(maxsize=128)
def content(path):
    with open(path, "rb") as file:
        return file.read()


def same(served, fetched):
    if os.path.getsize(served) != os.path.getsize(fetched):
        return False
    if os.path.getsize(served) <= CHUNK:
        with open(fetched, "rb") as file:
            return file.read() == content(served)
    with open(served, "rb") as a, open(fetched, "rb") as b:
        while chunk := a.read(CHUNK):
            if chunk != b.read(CHUNK):
                return False
    return True


class Work:
    """`count` files of `size` bytes from the folder `folder` of the server. With `shared` the names
    stand for a hundred files, chosen by the last two digits of the name."""

    def __init__(self, folder, count, size, parallel=16, tls=False, shared=False):
        self.folder, self.count, self.size, self.shared = folder, count, size, shared
        self.parallel, self.tls = min(parallel, count), tls
        self.names = [f"f{i:07d}" for i in range(count)]

    def served(self, name):
        return f"{self.root}/{self.folder}/{name[-2:] if self.shared else name}"

    def prepare(self, root, home, server):
        """Makes what is missing of the files below `root`, and the lists in `home`."""
        self.root = root
        self.out = f"{home}/out"
        self.ca = server.ca
        os.makedirs(f"{root}/{self.folder}", exist_ok=True)
        for name in self.names[:100] if self.shared else self.names:
            make_file(self.served(name), self.size)
        prefix = f"{server.prefix(self.tls)}/{self.folder}"
        self.url = f"{prefix}/{self.names[0]}"
        self.urls, self.named, self.curl_config = (
            f"{home}/{self.folder}-{self.count}.{kind}" for kind in ("urls", "named", "curl"))
        with open(self.urls, "w") as urls, open(self.named, "w") as named, \
                open(self.curl_config, "w") as curl:
            for name in self.names:
                urls.write(f"{prefix}/{name}\n")
                named.write(f"{name}={prefix}/{name}\n")
                curl.write(f'url = "{prefix}/{name}"\noutput = "{self.out}/{name}"\n')

    def split_curl_config(self, size):
        """The name of a list of configurations of so many downloads each."""
        with open(self.curl_config) as whole:
            lines = whole.readlines()
        pieces = f"{self.curl_config}.pieces"
        with open(pieces, "w") as names:
            for begin in range(0, len(lines), 2 * size):
                name = f"{self.curl_config}.{begin}"
                names.write(name + "\n")
                with open(name, "w") as piece:
                    piece.writelines(lines[begin:begin + 2 * size])
        return pieces

    def identities(self):
        """What is another one once a file was written again."""
        found = ((entry.name, entry.stat()) for entry in os.scandir(self.out))
        return {name: (stat.st_ino, stat.st_mtime_ns) for name, stat in found}

    def note_identities(self):
        self.noted = self.identities()

    def is_untouched(self):
        """Whether no file was written again since they were noted."""
        return self.noted == self.identities()

    def check(self):
        """What is wrong with what was fetched, or nothing."""
        there = set(os.listdir(self.out))
        for name in self.names:
            if name not in there:
                return f"{name} is missing ({len(there)} files of {self.count})"
            if not same(self.served(name), f"{self.out}/{name}"):
                return f"{name} is not what was served"
        if len(there) > self.count:
            return f"files that nobody asked for: {min(there.difference(self.names))}"
        return None
