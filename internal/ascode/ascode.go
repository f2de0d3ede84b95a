// Package ascode keeps agents as code: it writes an agent with its skills, rules and
// widget as one YAML file, and makes an agent what such a file says, through the public REST
// API like any other client.
//
// It checks the file's form alone; what an agent may be is the server's to say.
// It is called by the commands "callwright export" and "callwright apply".
package ascode

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"callwright"
	"callwright/internal/client"
)

// An object is what a file says of an agent or a skill: the members it names, as
// they are sent, and the whole that they make.
type object[T any] struct {
	spec T
	raw  map[string]json.RawMessage
}

// A File is an agent with its skills, rules and widget.
type File struct {
	id     callwright.AgentID
	agent  object[callwright.AgentSpec]
	skills []object[callwright.SkillSpec]
	rules  rules
}

// Export writes an agent's draft with all that belongs to it as a file. The bytes depend on
// what the agent is alone; withID adds its id, so that the file stays with it
// when its name changes.
func Export(ctx context.Context, c client.Client, id string, withID bool, out io.Writer) error {
	var a callwright.Agent
	if err := c.Do(ctx, http.MethodGet, agentPath(callwright.AgentID(id)), nil, &a); err != nil {
		return err
	}
	skills, err := listSkills(ctx, c, a.ID)
	if err != nil {
		return err
	}
	more, lost, err := readRules(ctx, c, a.ID, skills)
	if err != nil {
		return err
	}
	if lost != nil {
		return wrong(lost, "names no skill that the agent has: correct it on the server, so that the file can be applied")
	}
	text, err := write(a, skills, more, withID)
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	return err
}

// Options say how far Apply goes.
type Options struct {
	DryRun        bool // change nothing
	Prune         bool // delete skills and clear sections that the file does not have
	RotateSecrets bool // send secrets that the file holds in clear although the server has one there
	Publish       bool // publish the draft when callers have another one
}

// Apply makes an agent's draft what the file says and tells on out what that
// takes. When the agent is changed by someone else meanwhile, it fails before it
// changes anything.
func Apply(ctx context.Context, c client.Client, f *File, o Options, out io.Writer) error {
	p, err := plan(ctx, c, f, o)
	if err != nil {
		return err
	}
	for _, s := range p.steps {
		fmt.Fprintln(out, s.line)
	}
	for _, line := range p.notes {
		fmt.Fprintln(out, line)
	}
	switch {
	case len(p.steps) == 0:
		fmt.Fprintln(out, "nothing to change")
		return nil
	case o.DryRun:
		fmt.Fprintln(out, "dry run: nothing was changed")
		return nil
	}
	for _, s := range p.steps {
		if err := s.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", strings.TrimLeft(s.line, "+~->! "), err)
		}
	}
	fmt.Fprintf(out, "done: agent %s\n", p.id)
	return nil
}

// A step is one change that Apply makes.
type step struct {
	line string // as the operator reads it
	do   func(context.Context) error
}

type planned struct {
	id    callwright.AgentID
	steps []step
	notes []string
}

// plan compares the file with what is there and changes nothing.
func plan(ctx context.Context, c client.Client, f *File, o Options) (*planned, error) {
	current, err := find(ctx, c, f)
	if err != nil {
		return nil, err
	}
	p := &planned{}
	if current == nil {
		err = p.create(c, f)
	} else {
		err = p.update(ctx, c, f, *current, o)
	}
	if err != nil {
		return nil, err
	}
	if !o.Publish {
		return p, nil
	}
	ahead := len(p.steps) > 0
	if !ahead {
		if ahead, err = unpublished(ctx, c, *current); err != nil {
			return nil, err
		}
	}
	if ahead {
		p.add(fmt.Sprintf("> publish agent %q", f.agent.spec.Name), func(ctx context.Context) error {
			return c.Do(ctx, http.MethodPost, agentPath(p.id)+"/publish", struct{}{}, nil)
		})
	}
	return p, nil
}

func (p *planned) add(line string, do func(context.Context) error) {
	p.steps = append(p.steps, step{line, do})
}

func (p *planned) create(c client.Client, f *File) error {
	p.add(fmt.Sprintf("+ create agent %q", f.agent.spec.Name), func(ctx context.Context) error {
		var a callwright.Agent
		err := c.Do(ctx, http.MethodPost, "/agents", f.agent.raw, &a)
		p.id = a.ID
		return err
	})
	skills := known{}
	for _, s := range f.skills {
		p.createSkill(c, s)
		skills.add(s.spec.Name)
	}
	return p.rules(c, f.rules, rules{}, skills, false)
}

func (p *planned) createSkill(c client.Client, s object[callwright.SkillSpec]) {
	p.add(fmt.Sprintf("+ create skill %q", s.spec.Name), func(ctx context.Context) error {
		return c.Do(ctx, http.MethodPost, agentPath(p.id)+"/skills", s.raw, nil)
	})
}

func (p *planned) update(ctx context.Context, c client.Client, f *File, a callwright.Agent, o Options) error {
	p.id = a.ID
	there, err := listSkills(ctx, c, a.ID)
	if err != nil {
		return err
	}
	more, _, err := readRules(ctx, c, a.ID, there)
	if err != nil {
		return err
	}
	agentPatch, fields, err := agentChanges(f.agent, a.AgentSpec)
	if err != nil {
		return err
	}
	// The other endpoints know no If-Match, so a change of skills or rules begins with
	// an empty one of the agent: nothing is done to an agent that has moved on.
	guard := func(ctx context.Context) error {
		return c.With("If-Match", fmt.Sprintf("%q", fmt.Sprint(a.Version))).Do(ctx, http.MethodPatch, agentPath(a.ID), agentPatch, nil)
	}
	if len(fields) > 0 {
		p.add(fmt.Sprintf("~ update agent %q: %s", f.agent.spec.Name, strings.Join(fields, ", ")), guard)
	}
	var deletes, updates planned
	creates := planned{id: a.ID}
	skills := known{} // that the agent then has
	for _, s := range there {
		if slices.ContainsFunc(f.skills, func(x object[callwright.SkillSpec]) bool { return sameName(x.spec.Name, s.Name) }) {
			continue
		}
		if !o.Prune {
			skills.add(s.Name)
			p.notes = append(p.notes, fmt.Sprintf("= keep skill %q, which the file does not have (--prune deletes it)", s.Name))
			continue
		}
		deletes.add(fmt.Sprintf("- delete skill %q", s.Name), func(ctx context.Context) error {
			return c.Do(ctx, http.MethodDelete, skillPath(s), nil, nil)
		})
	}
	for _, x := range f.skills {
		skills.add(x.spec.Name)
		i := slices.IndexFunc(there, func(s callwright.Skill) bool { return sameName(s.Name, x.spec.Name) })
		if i < 0 {
			creates.createSkill(c, x)
			continue
		}
		patch, fields, kept, err := skillChanges(x, there[i].SkillSpec, o.RotateSecrets)
		if err != nil {
			return err
		}
		for _, path := range kept {
			p.notes = append(p.notes, fmt.Sprintf("! skill %q: %s is in clear in the file; the server keeps the secret it has (--rotate-secrets sends the file's)", x.spec.Name, path))
		}
		if len(fields) > 0 {
			updates.add(fmt.Sprintf("~ update skill %q: %s", x.spec.Name, strings.Join(fields, ", ")), func(ctx context.Context) error {
				return c.Do(ctx, http.MethodPatch, skillPath(there[i]), patch, nil)
			})
		}
	}
	p.steps = slices.Concat(p.steps, deletes.steps, updates.steps, creates.steps)
	if err := p.rules(c, f.rules, more, skills, o.Prune); err != nil {
		return err
	}
	if len(p.steps) > 0 && len(fields) == 0 {
		first := p.steps[0].do
		p.steps[0].do = func(ctx context.Context) error {
			if err := guard(ctx); err != nil {
				return err
			}
			return first(ctx)
		}
	}
	return nil
}

// find returns the agent that a file is about, or nil when there is none yet.
func find(ctx context.Context, c client.Client, f *File) (*callwright.Agent, error) {
	if f.id != "" {
		var a callwright.Agent
		return &a, c.Do(ctx, http.MethodGet, agentPath(f.id), nil, &a)
	}
	all, err := client.List[callwright.Agent](ctx, c, "/agents")
	if err != nil {
		return nil, err
	}
	var named []callwright.Agent
	var ids []string
	for _, a := range all {
		if a.Name == f.agent.spec.Name {
			named, ids = append(named, a), append(ids, string(a.ID))
		}
	}
	switch len(named) {
	case 0:
		return nil, nil
	case 1:
		return &named[0], nil
	}
	return nil, fmt.Errorf("%d agents are named %q (%s): say which one in the file, with a line such as\nid: %s", len(named), f.agent.spec.Name, strings.Join(ids, ", "), ids[0])
}

// unpublished tells whether callers have something else than the draft.
func unpublished(ctx context.Context, c client.Client, a callwright.Agent) (bool, error) {
	if a.PublishedVersionID == "" {
		return true, nil
	}
	var diff struct{ Changes []json.RawMessage }
	err := c.Do(ctx, http.MethodGet, agentPath(a.ID)+"/versions/"+string(a.PublishedVersionID)+"/diff", nil, &diff)
	return len(diff.Changes) > 0, err
}

// listSkills returns an agent's skills by name.
func listSkills(ctx context.Context, c client.Client, id callwright.AgentID) ([]callwright.Skill, error) {
	skills, err := client.List[callwright.Skill](ctx, c, agentPath(id)+"/skills")
	slices.SortFunc(skills, func(a, b callwright.Skill) int { return strings.Compare(a.Name, b.Name) })
	return skills, err
}

func agentPath(id callwright.AgentID) string { return "/agents/" + url.PathEscape(string(id)) }

func skillPath(s callwright.Skill) string { return agentPath(s.AgentID) + "/skills/" + string(s.ID) }

// sameName tells whether the server takes two skill names for one.
func sameName(a, b string) bool { return nameKey(a) == nameKey(b) }

func nameKey(name string) string { return strings.ToLower(strings.TrimSpace(name)) }
