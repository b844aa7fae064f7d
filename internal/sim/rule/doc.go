// Package rule holds what the faces of the simulator say no with: Meta's refusals, and tables that describe a JSON value.
//
// It owns the shape of a refusal, the codes, the walk over a decoded value and the two things that every Graph list and node
// share, fields and pages. It never knows what a message or a template is: their packages write the tables, and this one reads
// them. It imports nothing of ours, because everything else in the simulator stands on it.
package rule
