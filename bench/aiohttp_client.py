"""The bulk downloader that many a Python program has inside: aiohttp, aiofiles, a semaphore.

    aiohttp_client.py LIST DIR CONCURRENCY [CACERT]

LIST has one URL a line. Written as such programs are written, neither better nor worse: one task a
URL, one file each, chunks of 8 KiB. For the bench only.
"""

import asyncio
import os
import ssl
import sys

import aiofiles
import aiohttp


async def download(session, semaphore, url, directory):
    async with semaphore:
        async with session.get(url) as response:
            response.raise_for_status()
            path = os.path.join(directory, url.rsplit("/", 1)[1])
            async with aiofiles.open(path, "wb") as file:
                async for chunk in response.content.iter_chunked(8192):
                    await file.write(chunk)


async def main(list_file, directory, concurrency, cacert=None):
    with open(list_file) as lines:
        urls = [line.strip() for line in lines if line.strip()]
    trust = ssl.create_default_context(cafile=cacert) if cacert else None
    semaphore = asyncio.Semaphore(int(concurrency))
    connector = aiohttp.TCPConnector(limit=0, ssl=trust)
    async with aiohttp.ClientSession(connector=connector) as session:
        await asyncio.gather(*(download(session, semaphore, url, directory) for url in urls))


asyncio.run(main(*sys.argv[1:]))
