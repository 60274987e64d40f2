package card

// Arabic letters are joined to their neighbours. Fonts without a shaping engine have the
// joined shapes as characters of their own, "presentation forms", in a fixed order: the
// letter alone, at the end, and, if it joins on both sides, at the beginning and inside.

// shapes are the forms of one letter: the first one, and how many there are (1, 2 or 4).
type shapes struct {
	first rune
	count int
}

// joined lists the letters in the order of their forms.
var joined = func() map[rune]shapes {
	all := map[rune]shapes{
		'پ': {0xfb56, 4}, 'چ': {0xfb7a, 4}, 'ژ': {0xfb8a, 2}, 'ک': {0xfb8e, 4}, 'گ': {0xfb92, 4}, 'ی': {0xfbfc, 4},
	}
	next := rune(0xfe80)
	for _, group := range []struct {
		letters string
		count   int
	}{
		{"ء", 1}, {"آأؤإ", 2}, {"ئ", 4}, {"ا", 2}, {"ب", 4}, {"ة", 2}, {"تثجحخ", 4}, {"دذرز", 2}, {"سشصضطظعغفقكلمنه", 4}, {"وى", 2}, {"ي", 4},
	} {
		for _, letter := range group.letters {
			all[letter] = shapes{next, group.count}
			next += rune(group.count)
		}
	}
	return all
}()

// lamAlef are the ligatures of lam with what follows it: alone; the next one is joined to
// the letter before.
var lamAlef = map[rune]rune{'آ': 0xfef5, 'أ': 0xfef7, 'إ': 0xfef9, 'ا': 0xfefb}

const tatweel = 'ـ' // a line that letters on both sides join

// joinArabic puts the joined shapes in the place of letters. Its marks are vowel signs,
// which sentences can do without, and which cannot be placed: they go.
func joinArabic(text []rune) []rune {
	letters := text[:0:0]
	for _, r := range text {
		if r < '\u064b' || r > '\u065f' && r != '\u0670' {
			letters = append(letters, r)
		}
	}
	var out []rune
	before := false // the letter before joins this one
	for i := 0; i < len(letters); i++ {
		r := letters[i]
		form, ok := joined[r]
		if !ok {
			out, before = append(out, r), r == tatweel
			continue
		}
		next := rune(0)
		if i+1 < len(letters) {
			next = letters[i+1]
		}
		if ligature, is := lamAlef[next]; is && r == 'ل' {
			if before {
				ligature++
			}
			out, before = append(out, ligature), false
			i++
			continue
		}
		after := form.count == 4 && (next == tatweel || joined[next].count > 1)
		switch {
		case form.count == 1:
			out = append(out, form.first)
		case before && after:
			out = append(out, form.first+3)
		case after:
			out = append(out, form.first+2)
		case before:
			out = append(out, form.first+1)
		default:
			out = append(out, form.first)
		}
		before = after
	}
	return out
}
