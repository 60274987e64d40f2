package api

import (
	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

func listNotifications(c *call, in *api.ListNotificationsRequest) (proto.Message, error) {
	limit, err := parseLimit(in.Limit, 1, 100)
	if err != nil {
		return nil, err
	}
	list, err := c.opts.Store.Notifications(c.user, limit, in.CacheableCursor, true)
	if err != nil {
		return nil, internalError("Error retrieving notifications.")
	}
	return list, nil
}

func deleteNotifications(c *call, in *api.DeleteNotificationsRequest) (proto.Message, error) {
	ids := make([]uuid.UUID, 0, len(in.Ids))
	for _, id := range in.Ids {
		parsed, err := uuid.Parse(id)
		if err != nil {
			return nil, internalError("Error while deleting notifications.")
		}
		ids = append(ids, parsed)
	}
	c.opts.Store.DeleteNotifications(c.user, ids)
	return emptyReply()
}

func listParties(c *call, in *api.ListPartiesRequest) (proto.Message, error) {
	limit, err := parseLimit(in.Limit, 10, 100)
	if err != nil {
		return nil, err
	}
	var open *bool
	if in.Open != nil {
		open = &in.Open.Value
	}
	parties, cursor, err := c.opts.Parties(c.ctx, limit, open, false, in.Query.GetValue(), in.Cursor.GetValue())
	if err != nil {
		return nil, sourceError(err, "Error listing matches.") // the server uses this text for parties too
	}
	return &api.PartyList{Parties: parties, Cursor: cursor}, nil
}

func matchmakerStats(c *call, _ *emptypb.Empty) (proto.Message, error) {
	return c.opts.Tickets(), nil
}

func listMatches(c *call, in *api.ListMatchesRequest) (proto.Message, error) {
	limit, err := parseLimit(in.Limit, 10, 100)
	if err != nil {
		return nil, err
	}
	relayedOnly := in.Authoritative != nil && !in.Authoritative.Value
	switch {
	case in.Label != nil && relayedOnly:
		return nil, invalidArgument("Label filtering is not supported for non-authoritative matches.")
	case in.Query != nil && relayedOnly:
		return nil, invalidArgument("Query filtering is not supported for non-authoritative matches.")
	case in.MinSize != nil && in.MinSize.Value < 0:
		return nil, invalidArgument("Minimum size must be 0 or above.")
	case in.MaxSize != nil && in.MaxSize.Value < 0:
		return nil, invalidArgument("Maximum size must be 0 or above.")
	case in.MinSize != nil && in.MaxSize != nil && in.MinSize.Value > in.MaxSize.Value:
		return nil, invalidArgument("Maximum size must be greater than or equal to minimum size when both are specified.")
	}
	f := MatchFilter{Limit: limit, Label: optionalText(in.Label), Query: optionalText(in.Query), MinSize: optionalInt(in.MinSize), MaxSize: optionalInt(in.MaxSize)}
	if in.Authoritative != nil {
		f.Authoritative = &in.Authoritative.Value
	}
	matches, err := c.opts.Matches(c.ctx, f)
	if err != nil {
		return nil, sourceError(err, "Error listing matches.")
	}
	return &api.MatchList{Matches: matches}, nil
}

// optionalInt returns the value of an optional number, nil if it is missing.
func optionalInt(v *wrapperspb.Int32Value) *int {
	if v == nil {
		return nil
	}
	return new(int(v.Value))
}
