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

// check reports what is wrong between the keys of a decoded configuration, except in its conditions.
func (d *decoder) check(c *Config) {
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
	d.report(Warning, d.placeOf(path), path, what, allowed)
}

func (d *decoder) warnIf(odd bool, path, what, allowed string) {
	if odd {
		d.warn(path, what, allowed)
	}
}

// checkText checks one text by the choices or the form that its tag names.
func (d *decoder) checkText(s string, tag reflect.StructTag, path string) {
	if one := tag.Get("oneof"); one != "" {
		choices := strings.Split(one, "|")
		d.rejectIf(!slices.Contains(choices, s), path,
			fmt.Sprintf("unknown value %q%s", clip(s), suggest(s, choices)), "allowed: "+JoinWords(choices, "or"))
		return
	}
	name := tag.Get("form")
	if name == "condition" || name == "" && tag.Get("limit") == "" {
		return // a condition is checked when it is compiled, and facts may be any text
	}
	d.rejectIf(strings.ContainsFunc(s, isControl), path, "contains a line end or another control character", "write it in one line")
	f, ok := forms[name]
	d.rejectIf(ok && (s != "" || strings.HasSuffix(path, "]")) && !f.valid(s), path, fmt.Sprintf("%q cannot be used here", clip(s)), f.allowed)
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
}

func (d *decoder) checkInvites(v Invites, stages []string) {
	checkAtMost(d, "invites.link.ttl", v.Link.TTL, "invites.link.max_ttl", v.Link.MaxTTL)
	checkAtMost(d, "invites.code.ttl", v.Code.TTL, "invites.code.max_ttl", v.Code.MaxTTL)
	a := v.App.Android
	d.rejectIf((a.Package == "") != (len(a.Fingerprints) == 0), "invites.app.android",
		"package and fingerprints go together", "set both or none")
	d.checkPageTexts("invites.page.texts", v.Page.Texts, stages)
	byTag := map[string]string{}
	for _, language := range slices.Sorted(maps.Keys(v.Page.Languages)) {
		at, tag := joinPath("invites.page.languages", language), strings.ToLower(language)
		d.rejectIf(byTag[tag] != "", at, "is the same language as "+byTag[tag], "write one of them")
		byTag[tag] = language
		d.checkPageTexts(at, v.Page.Languages[language], stages)
	}
}

func (d *decoder) checkStatus(s Status) {
	isStage := func(path, stage string) {
		d.rejectIf(stage != "" && !slices.Contains(s.Stages, stage) && !d.broken["status.stages"], path,
			fmt.Sprintf("%q is not one of status.stages%s", clip(stage), suggest(stage, s.Stages)), "allowed: "+JoinWords(s.Stages, "or"))
	}
	isStage("status.ready", s.Ready)
	for i, f := range s.Final {
		isStage(indexPath("status.final", i), f)
	}
	isStage("status.reset_to", s.ResetTo)
	d.rejectIf(s.ResetTo != "" && s.ResetTo == s.Ready, "status.reset_to",
		"is the ready stage itself", "name another of status.stages")
}

// checkRules checks the rules, except for their conditions.
func (d *decoder) checkRules(rules []Rule) {
	for i, r := range rules {
		at := indexPath("rules", i)
		first := slices.IndexFunc(rules[:i], func(before Rule) bool { return before.ID == r.ID })
		d.rejectIf(first >= 0 && r.ID != "", at+".id",
			fmt.Sprintf("%q is also the name of rule %d", clip(r.ID), first+1), "every rule has its own name")
		denies, allows := r.Deny != "", r.Allow != ""
		d.rejectIf(denies && allows, at+".allow",
			"the rule has deny as well", "a rule either denies or allows; write two rules")
		d.rejectIf(!denies && !allows && !d.broken[at+".deny"] && !d.broken[at+".allow"], at,
			"the rule has no condition", "add deny or allow")
	}
}
