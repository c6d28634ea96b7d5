"""An echo server with the websockets package. It says which copy answers, and drains on SIGTERM."""
import asyncio
import os
import signal

from websockets.asyncio.server import serve

PORT = int(os.environ["PORT"])
APPID = os.environ["APPID"]


async def echo(connection):
    async for message in connection:
        await connection.send(f"{APPID}: {message}")


async def main():
    async with serve(echo, "127.0.0.1", PORT) as server:
        print(f"copy {APPID} listens on {PORT}", flush=True)
        # Closes every socket with 1001, and ends when all are closed.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.close)
        await server.wait_closed()


asyncio.run(main())
