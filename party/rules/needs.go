package rules

import (
	"reflect"
	"slices"
	"strings"
)

// need is a set of facts that are not at hand when a decision begins.
type need uint16

const (
	needAccount      need = 1 << iota // read
	needGroups                        // read
	needFriends                       // read
	needSameGroup                     // read
	needBlocked                       // read
	needPartyLabel                    // parsed
	needRequestLabel                  // parsed
	needVars                          // bounded
	needMembers                       // read: accounts of all members
	needSkill                         // computed from these
	needAttributes                    // bounded
)

// needNames are the words of the need tag of a fact, in the order of the constants.
var needNames = strings.Fields("account groups friends same_group blocked party_label request_label vars members skill attributes")

func needOf(fact reflect.StructField) (n need) {
	for _, word := range strings.Fields(fact.Tag.Get("need")) {
		n |= 1 << slices.Index(needNames, word)
	}
	return n
}

// factOf is the fact, or the group of facts, of that name in a group.
func factOf(group reflect.Type, name string) reflect.StructField {
	fact, _ := fieldOf(group, "expr", name)
	return fact
}
