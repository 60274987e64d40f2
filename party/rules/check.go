package rules

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// check reports everything wrong with a decoded configuration, except in its conditions. It first checks each
// key by its tags, and then what keys have to do with each other.
func (d *decoder) check(c *Config) {
	d.checkFields(reflect.ValueOf(*c), "")
	d.checkParties(c.Parties)
	d.checkInvites(c.Invites, c.Status.Stages)
	d.checkStatus(c.Status)
	d.checkRules(c.Rules)
	d.checkQueues(c)
}

// reject reports an error at the value of path, unless an earlier error excluded that value.
func (d *decoder) reject(path, what, allowed string) {
	if !d.broken[path] {
		d.fail(d.placeOf(path), path, what, allowed)
	}
}

func (d *decoder) rejectIf(wrong bool, path, what, allowed string) {
	if wrong {
		d.reject(path, what, allowed)
	}
}

func (d *decoder) warn(path, what, allowed string) {
	d.problems = append(d.problems, d.src.problem(Warning, d.placeOf(path), path, what, allowed))
}

func (d *decoder) warnIf(odd bool, path, what, allowed string) {
	if odd {
		d.warn(path, what, allowed)
	}
}

func (d *decoder) checkFields(v reflect.Value, path string) {
	for f, value := range v.Fields() {
		key := f.Tag.Get("yaml")
		if at := joinPath(path, key); key != "-" && !d.broken[at] {
			d.checkField(value, f.Tag, at)
		}
	}
}

func (d *decoder) checkField(v reflect.Value, tag reflect.StructTag, path string) {
	if tag.Get("required") == "true" && v.IsZero() {
		if n, written := d.nodes[path]; !written || n.kind == nullNode {
			d.reject(path, "is missing", "")
			return
		}
	}
	if lim := tag.Get("limit"); lim != "" {
		d.checkLimit(v, lim, path)
	}
	d.checkValue(v, tag, path)
}

// checkValue checks a value, or each value of a list or map, by the tags of its field.
func (d *decoder) checkValue(v reflect.Value, tag reflect.StructTag, path string) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			d.checkFields(v.Elem(), path)
		}
	case reflect.Struct:
		if isGroup(v.Type()) {
			d.checkFields(v, path)
		}
	case reflect.Slice:
		words := map[string]bool{}
		for i := range v.Len() {
			e, at := v.Index(i), indexPath(path, i)
			if !d.broken[at] {
				d.checkValue(e, tag, at)
			}
			if e.Kind() == reflect.String && words[e.String()] {
				d.reject(at, fmt.Sprintf("%q is in the list twice", clip(e.String())), "")
			}
			words[e.String()] = true
		}
	case reflect.Map:
		of := reflect.StructTag(`limit:"..280"`)
		if v.Type().Elem().Kind() == reflect.Map { // the texts of one language
			of = `limit:"..128" form:"page_text"`
		}
		for _, k := range slices.SortedFunc(slices.Values(v.MapKeys()), func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) }) {
			key, at := k.String(), joinPath(path, k.String())
			if f := forms[tag.Get("form")]; !f.valid(key) {
				d.fail(d.keyPlaces[at], at, fmt.Sprintf("%q cannot be a name", clip(key)), f.allowed)
			}
			if e := v.MapIndex(k); e.Kind() == reflect.Struct {
				d.checkFields(e, at)
			} else {
				d.checkField(e, of, at)
			}
		}
	case reflect.String:
		d.checkText(v.String(), tag, path)
	}
}

// checkText checks one text by the choices or the form that its tag names.
func (d *decoder) checkText(s string, tag reflect.StructTag, path string) {
	if one := tag.Get("oneof"); one != "" {
		choices := strings.Split(one, "|")
		if !slices.Contains(choices, s) {
			d.reject(path, fmt.Sprintf("unknown value %q%s", clip(s), suggest(s, choices)), "allowed: "+joinWords(choices, "or"))
		}
		return
	}
	name := tag.Get("form")
	if name == "condition" {
		return // checked when it is compiled
	}
	if strings.ContainsFunc(s, isControl) {
		d.reject(path, "contains a line end or another control character", "write it in one line")
		return
	}
	if f, ok := forms[name]; ok && (s != "" || strings.HasSuffix(path, "]")) && !f.valid(s) {
		d.reject(path, fmt.Sprintf("%q cannot be used here", clip(s)), f.allowed)
	}
}

// checkLimit checks a value against a tag such as "1..256". Either bound may be left out.
func (d *decoder) checkLimit(v reflect.Value, lim, path string) {
	low, high, _ := strings.Cut(lim, "..")
	number := func(s string) float64 {
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			return f
		}
		t, err := ParseDuration(s)
		if err != nil {
			panic("rules: limit tag " + lim)
		}
		return float64(t)
	}
	var have float64
	what, unit := "%s is outside of what is possible", ""
	switch {
	case v.CanInt():
		have = float64(v.Int())
	case v.CanFloat():
		have = v.Float()
	case v.Kind() == reflect.String:
		have, what, unit = float64(utf8.RuneCountInString(v.String())), "has %s characters", " characters"
	default:
		have, what, unit = float64(v.Len()), "has %s entries", " entries"
	}
	if have >= number(cmp.Or(low, "0")) && have <= number(cmp.Or(high, "1e18")) {
		return
	}
	shown := strconv.FormatFloat(have, 'f', -1, 64)
	if v.Type() == durationType {
		shown = FormatDuration(time.Duration(v.Int()))
	}
	allowed := "allowed " + low + " to " + high
	switch low {
	case high:
		allowed = "allowed is " + high
	case "":
		allowed = "allowed are up to " + high
	}
	d.reject(path, fmt.Sprintf(what, shown), allowed+unit)
}

// checkAtMost reports an error at path if low, its value, is above the value of other.
func checkAtMost[T cmp.Ordered](d *decoder, path string, low T, other string, high T) {
	shown := func(v T) string {
		if length, is := any(v).(time.Duration); is {
			return FormatDuration(length)
		}
		return fmt.Sprint(v)
	}
	d.rejectIf(low > high && !d.broken[other], path, shown(low)+" is more than "+other, "allowed up to "+shown(high))
}

func (d *decoder) checkParties(p Parties) {
	s := p.MaxSize
	checkAtMost(d, "parties.max_size.min", s.Min, "parties.max_size.max", s.Max)
	d.rejectIf(s.Min <= s.Max && (s.Default < s.Min || s.Default > s.Max), "parties.max_size.default",
		fmt.Sprintf("%d is outside of min and max", s.Default), fmt.Sprintf("allowed %d to %d", s.Min, s.Max))
	d.warnIf(p.ResumeOnConnect && p.ReconnectGrace == 0, "parties.resume_on_connect",
		"has no effect while no seat is kept", "set parties.reconnect_grace")
	d.warnIf(p.Survive.Restart > 0 && p.ReconnectGrace == 0, "parties.survive.restart",
		"has no effect while no seat is kept", "set parties.reconnect_grace")
}

func (d *decoder) checkInvites(v Invites, stages []string) {
	checkAtMost(d, "invites.link.ttl", v.Link.TTL, "invites.link.max_ttl", v.Link.MaxTTL)
	checkAtMost(d, "invites.code.ttl", v.Code.TTL, "invites.code.max_ttl", v.Code.MaxTTL)
	a := v.App.Android
	d.rejectIf((a.Package == "") != (len(a.Fingerprints) == 0), "invites.app.android",
		"package and fingerprints go together", "set both or none")
	d.checkPage(v, stages)
}

// checkPage warns of what the landing page or a chat program could not show.
func (d *decoder) checkPage(v Invites, stages []string) {
	image := v.Page.Image
	address := image
	if strings.HasPrefix(image, "/") {
		address = v.PublicURL + image
	}
	const path = "invites.page.image"
	d.warnIf(image != "" && !strings.HasPrefix(address, "https://"), path,
		"is not reached by https; most chats will not show it", "use an https:// address, or an https:// public_url")
	if file, _, _ := strings.Cut(image, "?"); strings.HasSuffix(strings.ToLower(file), ".svg") {
		d.warn(path, "is an SVG, which no chat shows", "use PNG or JPEG, 1200 by 630 pixels")
	}
	titled := strings.TrimSpace(v.Page.Title) != ""
	d.checkPageTexts("invites.page.texts", v.Page.Texts, stages, titled)
	byTag := map[string]string{}
	for _, language := range slices.Sorted(maps.Keys(v.Page.Languages)) {
		at, tag := joinPath("invites.page.languages", language), strings.ToLower(language)
		d.rejectIf(byTag[tag] != "", at, "is the same language as "+byTag[tag], "write one of them")
		byTag[tag] = language
		d.checkPageTexts(at, v.Page.Languages[language], stages, titled)
	}
}

func (d *decoder) checkStatus(s Status) {
	isStage := func(path, stage string) {
		if stage != "" && !slices.Contains(s.Stages, stage) && !d.broken["status.stages"] {
			d.reject(path, fmt.Sprintf("%q is not one of status.stages%s", clip(stage), suggest(stage, s.Stages)), "allowed: "+joinWords(s.Stages, "or"))
		}
	}
	isStage("status.ready", s.Ready)
	for i, f := range s.Final {
		isStage(indexPath("status.final", i), f)
	}
	isStage("status.reset_to", s.ResetTo)
	d.rejectIf(s.ResetTo != "" && s.ResetTo == s.Ready, "status.reset_to",
		"is the ready stage itself", "name another of status.stages")
	d.warnIf(s.ResetTo != "" && len(s.ResetOn) == 0, "status.reset_to",
		"has no effect without reset_on", "set status.reset_on")
	d.warnIf(len(s.ResetOn) > 0 && s.Ready == "", "status.reset_on",
		"has no effect without a ready stage", "set status.ready")
}

// checkRules checks the rules, except for their conditions.
func (d *decoder) checkRules(rules []Rule) {
	byID := map[string]int{}
	for i, r := range rules {
		at := indexPath("rules", i)
		if first, dup := byID[r.ID]; dup && r.ID != "" {
			d.reject(at+".id", fmt.Sprintf("%q is also the name of rule %d", clip(r.ID), first+1), "every rule has its own name")
		} else {
			byID[r.ID] = i
		}
		denies, allows := r.Deny != "", r.Allow != ""
		switch {
		case d.broken[at] || d.broken[at+".deny"] || d.broken[at+".allow"]:
		case denies && allows:
			d.reject(at+".allow", "the rule has deny as well", "a rule either denies or allows; write two rules")
		case !denies && !allows:
			d.reject(at, "the rule has no condition", "add deny or allow")
		}
		d.warnIf(allows && !denies && r.Message != "", at+".message", "is never shown, because the rule only allows", "")
	}
	d.warnUnreachable(rules)
}

// warnUnreachable warns of rules that come after one that always decides.
func (d *decoder) warnUnreachable(rules []Rule) {
	settled := map[Action]int{}
	for i, r := range rules {
		behind := len(r.On) > 0
		first := 0
		for _, a := range r.On {
			n, done := settled[a]
			behind = behind && done
			first = max(first, n)
		}
		d.warnIf(behind, indexPath("rules", i), fmt.Sprintf("is never asked, because rule %d always decides before it", first+1), "")
		if strings.TrimSpace(r.Deny) == "true" || strings.TrimSpace(r.Allow) == "true" {
			for _, a := range r.On {
				if _, done := settled[a]; !done {
					settled[a] = i
				}
			}
		}
	}
}
