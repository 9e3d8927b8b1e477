"""The process that draws for the preview: jobs go to it one by one. One that takes too long is ended, and the next begins anew."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass

from plasticdsl.editor.sketch import Job

#: How long a drawing may take (s), and how many bytes it may have.
LONGEST, LARGEST = 60.0, 1 << 26


class NotDrawn(Exception):
    """Why there is no drawing, in a sentence."""


@dataclass(slots=True)
class Artist:
    """`working`: the process, once something has been drawn."""

    working: asyncio.subprocess.Process | None = None

    async def draw(self, job: Job) -> str:
        """A piece of HTML. One job at a time. Raises `NotDrawn`."""
        process = await self._process()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(job.line().encode("utf-8"))
            await process.stdin.drain()
            line = await asyncio.wait_for(process.stdout.readline(), LONGEST)
            return str(json.loads(line)["html"])
        except TimeoutError:
            self.end()
            raise NotDrawn(f"Drawing took longer than {LONGEST:g} s, and was given up.") from None
        except (ValueError, OSError):
            self.end()
            raise NotDrawn("Drawing failed; the log of the language server says why.") from None
        except asyncio.CancelledError:
            self.end()
            raise

    def end(self) -> None:
        """Ends the process, whatever it does."""
        if self.working is not None and self.working.returncode is None:
            self.working.kill()
        self.working = None

    async def _process(self) -> asyncio.subprocess.Process:
        if self.working is None or self.working.returncode is not None:
            self.working = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "plasticdsl", "lsp", "--pictures"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=LARGEST,
            )
        return self.working
