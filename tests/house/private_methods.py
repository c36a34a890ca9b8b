"""Counts the private methods of each class in C++ source, by a scan of its tokens."""
import re

TOKENS = re.compile(
    r"""(?P<skip>\s+|//(?:\\\n|[^\n])*|/\*.*?\*/|^[ \t]*\#(?:\\\n|[^\n])*)
      | (?P<raw>\b(?:u8|u|U|L)?R"(?P<mark>[^()\s\\]*)\(.*?\)(?P=mark)")
      | (?P<text>"(?:\\.|[^"\\])*")
      | (?P<number>\.?\d(?:'[\w.]|[eEpP][+-]|[\w.])*)
      | (?P<char>'(?:\\.|[^'\\])*')
      | (?P<word>\w+)
      | (?P<sign>->\*?|::|<=>|<<|<=|>=|==|!=|&&|\|\||.)""",
    re.X | re.S | re.M)

ACCESS = ("public", "protected", "private")
CLASS = ("class", "struct", "union")
NO_FUNCTION = ("using", "friend", "typedef", "static_assert", "enum", "namespace", "extern")
BEFORE_A_PAREN = ("alignas", "decltype", "explicit", "noexcept", "requires", "__attribute__")
GOES_ON = (",", ";", "{", "(", ")", ".", "->", "=", "catch")  # behind a block: the statement is not at its end
BODY = "{}"  # stands for a block that was read


def tokens_of(source):
    """Words and signs; literals as '""', comments and preprocessor lines left out."""
    tokens = []
    for match in TOKENS.finditer(source):
        if match["word"] or match["sign"]:
            tokens.append(match[0])
        elif match["raw"] or match["text"] or match["number"] or match["char"]:
            tokens.append('""')
    return tokens


def past(tokens, i, opening, closing):
    """The index behind the group that opens at `i`."""
    depth = 0
    while i < len(tokens):
        depth += (tokens[i] == opening) - (tokens[i] == closing)
        i += 1
        if depth == 0:
            break
    return i


def without_prefixes(head):
    """A declaration without template<...>, [[attributes]] and what may stand before `class`."""
    i = 0
    while i < len(head):
        if head[i] == "template":
            i = past(head, i + 1, "<", ">")
        elif head[i] == "[":
            i = past(head, i, "[", "]")
        elif head[i] in ("static", "inline", "constexpr", "const", "mutable"):
            i += 1
        else:
            break
    return head[i:]


def name_of_function(statement):
    """The name that a declaration gives to a function; None if it declares none."""
    head = without_prefixes(statement)
    if not head or head[0] in NO_FUNCTION:
        return None
    i = 0
    while i < len(head):
        token = head[i]
        if token == "operator":
            return "operator"
        if token in BEFORE_A_PAREN and head[i + 1:i + 2] == ["("]:
            i = past(head, i + 1, "(", ")")
        elif token == "<":
            i = past(head, i, "<", ">")
        elif token == "[":
            i = past(head, i, "[", "]")
        elif token in ("=", BODY, ":"):
            return None
        elif token == "(":
            pointer = head[i + 1:i + 2] in (["*"], ["&"])
            return None if pointer or i == 0 else head[i - 1]
        else:
            i += 1
    return None


class Scan:
    def __init__(self, source):
        self.tokens = tokens_of(source)
        self.at = 0
        self.found = []  # (class, number of private methods)
        self.block(None, "public")

    def block(self, of_class, access):
        """Reads statements up to the closing brace; in a class, counts its private methods."""
        private, head = 0, []
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            self.at += 1
            if token == "}":
                break
            if token == ":" and len(head) == 1 and head[0] in ACCESS:
                access, head = head[0], []
            elif token == "{":
                self.inner(head)
                head.append(BODY)
                following = self.tokens[self.at:self.at + 1]
                if following and following[0] not in GOES_ON and not self.is_class(head):
                    private += self.is_private_method(head, of_class, access)
                    head = []
            elif token == ";":
                private += self.is_private_method(head, of_class, access)
                head = []
            else:
                head.append(token)
        if of_class is not None:
            self.found.append((of_class, private))

    def inner(self, head):
        name = self.is_class(head)
        if name:
            self.block(name, "private" if without_prefixes(head)[0] == "class" else "public")
        else:
            self.block(None, "public")

    @staticmethod
    def is_class(head):
        """The name of the class whose body follows `head`, "?" if it has none; "" if it is no class."""
        head = without_prefixes(head)
        if not head or head[0] not in CLASS or name_of_function(head):
            return ""
        i = 1
        while i < len(head) and head[i] in ("[", "alignas"):
            i = past(head, i, "[", "]") if head[i] == "[" else past(head, i + 1, "(", ")")
        while head[i + 1:i + 2] == ["::"]:
            i += 2
        return head[i] if i < len(head) and re.match(r"\w", head[i]) else "?"

    @staticmethod
    def is_private_method(head, of_class, access):
        """Constructors, destructors and what is deleted are none."""
        if of_class is None or access != "private" or Scan.is_class(head):
            return False
        name = name_of_function(head)
        return name is not None and name != of_class and head[-2:] != ["=", "delete"]


def private_methods(source):
    """A list of (class, number of private methods), inner classes before those around them."""
    return Scan(source).found
