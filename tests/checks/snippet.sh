#!/bin/sh
# Rule: the README's embedding snippet is examples/coroutine.cpp, word for word. Call: snippet.sh ROOT
set -eu
cd "$1"

shown=$(awk '/^```/ { if (inside) exit; inside = ($0 == "```cpp"); next } inside' README.md)
if [ "$shown" != "$(cat examples/coroutine.cpp)" ]; then
    echo "README.md's first C++ block differs from examples/coroutine.cpp"
    exit 1
fi
echo "snippet: README.md shows examples/coroutine.cpp"
