package docs

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind is the kind of a lexeme.
type kind uint8

const (
	word        kind = iota // identifier or keyword
	number                  // as written
	text                    // a string literal, without its quotes
	punctuation             // one character of punctuation
)

type lexeme struct {
	kind kind
	text string
	line int  // within the block, from 0
	raw  bool // a text with a value that is only known at run time (interpolation)
}

// Comments by language. The SDKs' languages share everything else that the lexer needs.
var comments = map[string]struct{ line, open, close string }{
	"js":       {"//", "/*", "*/"},
	"csharp":   {"//", "/*", "*/"},
	"gdscript": {"#", "", ""},
}

// lex splits a block into lexemes without comments. It knows literals well enough to tell code from
// text in SDK snippets. Text that it cannot read is an error.
func lex(b Block) ([]lexeme, error) {
	style, ok := comments[b.Language]
	if !ok {
		return nil, fmt.Errorf("%s: no lexer for %q", b, b.Language)
	}
	var lexemes []lexeme
	line := 0
	rest := b.Body
	emit := func(k kind, s string) { lexemes = append(lexemes, lexeme{kind: k, text: s, line: line}) }
	for rest != "" {
		c, size := utf8.DecodeRuneInString(rest)
		switch {
		case c == '\n':
			line++
			rest = rest[1:]
		case unicode.IsSpace(c):
			rest = rest[size:]
		case strings.HasPrefix(rest, style.line):
			rest = rest[lineEnd(rest):]
		case style.open != "" && strings.HasPrefix(rest, style.open):
			end := strings.Index(rest, style.close)
			if end < 0 {
				return nil, fmt.Errorf("%s: line %d: the comment does not end", b, line)
			}
			line += strings.Count(rest[:end], "\n")
			rest = rest[end+len(style.close):]
		case c == '"' || c == '\'' || c == '`':
			value, length, ok := literal(rest)
			if !ok {
				return nil, fmt.Errorf("%s: line %d: the text does not end", b, b.Line+line)
			}
			emit(text, value)
			last := &lexemes[len(lexemes)-1]
			last.raw = c == '`' && strings.Contains(value, "${")
			if n := len(lexemes); n > 1 && lexemes[n-2] == (lexeme{kind: punctuation, text: "$", line: line}) {
				last.raw = true
			}
			line += strings.Count(rest[:length], "\n")
			rest = rest[length:]
		case c == '/' && b.Language == "js" && startsRegex(lexemes):
			end := strings.Index(rest[1:lineEnd(rest)], "/")
			for end >= 0 && rest[end] == '\\' {
				next := strings.Index(rest[end+2:lineEnd(rest)], "/")
				if next < 0 {
					end = -1
					break
				}
				end += next + 1
			}
			if end < 0 {
				return nil, fmt.Errorf("%s: line %d: the expression does not end", b, b.Line+line)
			}
			emit(text, rest[1:end+1])
			lexemes[len(lexemes)-1].raw = true
			rest = strings.TrimLeft(rest[end+2:], "dgimsuvy")
		case c == '_' || unicode.IsLetter(c):
			end := strings.IndexFunc(rest, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
			if end < 0 {
				end = len(rest)
			}
			emit(word, rest[:end])
			rest = rest[end:]
		case unicode.IsDigit(c):
			end := strings.IndexFunc(rest, func(r rune) bool { return r != '_' && r != '.' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
			if end < 0 {
				end = len(rest)
			}
			emit(number, rest[:end])
			rest = rest[end:]
		default:
			emit(punctuation, rest[:size])
			rest = rest[size:]
		}
	}
	return lexemes, nil
}

func lineEnd(s string) int {
	if end := strings.IndexByte(s, '\n'); end >= 0 {
		return end
	}
	return len(s)
}

// literal parses the string literal at the start of s.
func literal(s string) (value string, length int, ok bool) {
	quote := s[0]
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			switch s[i] {
			case 'n':
				b.WriteByte('\n')
			case 't':
				b.WriteByte('\t')
			default:
				b.WriteByte(s[i])
			}
		case s[i] == quote:
			return b.String(), i + 1, true
		case s[i] == '\n' && quote != '`':
			return "", 0, false
		default:
			b.WriteByte(s[i])
		}
	}
	return "", 0, false
}

// startsRegex reports whether a slash starts a regular expression: the lexeme before it cannot be
// divided.
func startsRegex(before []lexeme) bool {
	if len(before) == 0 {
		return true
	}
	last := before[len(before)-1]
	return last.kind == punctuation && strings.Contains("(,=:[!&|?{};", last.text)
}

func (t lexeme) is(s string) bool { return t.kind == punctuation && t.text == s }
