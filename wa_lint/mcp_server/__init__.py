"""The MCP server: what an assistant may ask of wa-lint over stdin and stdout. It reads below its roots, writes nothing.

`stdio_session` speaks the protocol, `tool_table` names the tools, and `tool_answers` has a function for each. Whatever
comes from a file is in an answer as quoted data (`quoted_data`): the words of a tool are the same for every template.
"""
