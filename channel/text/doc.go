// Package text makes what strangers send us fit to store and to show: every
// channel passes what it received through it, once, at the edge.
//
// It must never refuse a text, and never change what a person can read in it.
package text
