"""gdb: source tools/gdb-noun.py, then `noun EXPRESSION [LIMIT]` prints a noun.

At most LIMIT (default 200) cells and atoms are printed; it reads the process
and calls nothing in it, so it works on a core file, too.
"""
import gdb


class Reader:
    def __init__(self, limit):
        self.left = limit
        self.base = int(gdb.parse_and_eval("noun_base"))
        self.memory = gdb.selected_inferior()

    def word(self, noun, index):
        address = self.base + ((noun << 3) & (2**64 - 1)) + 8 * index
        return int.from_bytes(self.memory.read_memory(address, 8).tobytes(), "little")

    def atom(self, noun):
        if noun >> 63 == 0:
            value = noun
        else:
            count = self.word(noun, 1)
            if count > 4096:
                return f"<atom of {count} words>"
            value = sum(self.word(noun, 2 + i) << (64 * i) for i in range(count))
        text = value.to_bytes((value.bit_length() + 7) // 8, "little")
        if len(text) > 1 and all(32 <= byte < 127 and byte != 39 for byte in text):
            return f"'{text.decode()}'"
        return f"{value}" if value < 2**16 else f"{value:#x}"

    def text(self, noun):
        """Iterative: a noun may be as deep as it likes."""
        pieces, pending = [], [(noun, False)]
        while pending:
            part, is_tail = pending.pop()
            if isinstance(part, str):
                pieces.append(part)
                continue
            self.left -= 1
            if self.left < 0:
                pieces.append("...")
            elif part >> 61 == 6:
                close = [] if is_tail else [("]", False)]
                pieces.append("" if is_tail else "[")
                pending += close + [(self.word(part, 2), True), (" ", False), (self.word(part, 1), False)]
            elif part >> 61 == 7:
                pieces.append(f"<forwarding {part:#x}>")
            else:
                pieces.append(self.atom(part))
        return "".join(pieces)


class NounCommand(gdb.Command):
    """noun EXPRESSION [LIMIT]: print a noun."""

    def __init__(self):
        super().__init__("noun", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        words = gdb.string_to_argv(argument)
        limit = int(words.pop()) if len(words) > 1 and words[-1].isdigit() else 200
        noun = int(gdb.parse_and_eval(" ".join(words))) & (2**64 - 1)
        print(Reader(limit).text(noun))


NounCommand()
