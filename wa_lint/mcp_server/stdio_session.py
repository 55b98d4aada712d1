"""The protocol: stdin and stdout by the Python SDK of MCP. All that it knows of wa-lint is `tool_table`."""

from __future__ import annotations

import json
from typing import Any

from wa_lint.errors import MissingExtra
from wa_lint.mcp_server.tool_answers import Desk
from wa_lint.mcp_server.tool_table import INSTRUCTIONS, TOOLS, call, schema_of
from wa_lint.version import VERSION

try:
    import anyio
    import mcp_types as types
    from anyio import to_thread
    from mcp.server.lowlevel import Server
    from mcp.server.stdio import stdio_server
except ImportError as error:
    raise MissingExtra("mcp", "the MCP server needs the Python SDK: pip install 'wa-lint[mcp]'") from error


def serve(desk: Desk) -> None:
    """Answer until stdin ends. Calls are answered one after the other, and stdout carries nothing else."""
    anyio.run(_session, desk)


async def _session(desk: Desk) -> None:
    server = _server(desk)
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())


def _server(desk: Desk) -> Server[Any]:
    one_at_a_time = anyio.CapacityLimiter(1)

    async def on_list_tools(_context: object, _params: object) -> types.ListToolsResult:
        return types.ListToolsResult(tools=_tools())

    async def on_call_tool(_context: object, params: types.CallToolRequestParams) -> types.CallToolResult:
        answer = await to_thread.run_sync(call, desk, params.name, params.arguments, limiter=one_at_a_time)
        content: list[types.ContentBlock] = [types.TextContent(type="text", text=answer.text)]
        return types.CallToolResult(
            content=content, structured_content=json.loads(answer.text), is_error=answer.is_error
        )

    return Server(
        "wa-lint",
        version=VERSION,
        instructions=INSTRUCTIONS,
        on_list_tools=on_list_tools,
        on_call_tool=on_call_tool,
    )


def _tools() -> list[types.Tool]:
    reads_only = types.ToolAnnotations(
        read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
    )
    return [
        types.Tool(
            name=name,
            title=tool.title,
            description=tool.description,
            input_schema=schema_of(tool),
            annotations=reads_only,
        )
        for name, tool in TOOLS.items()
    ]
