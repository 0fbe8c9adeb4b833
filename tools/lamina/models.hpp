// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/program/command_line.hpp>

/// Each model is compiled in a file of its own.
void add_mnist_mlp(lamina::cli::command_line& to);
void add_mnist_mlp_dropout(lamina::cli::command_line& to);
void add_mnist_cnn(lamina::cli::command_line& to);
void add_asl_mlp(lamina::cli::command_line& to);
void add_asl_cnn(lamina::cli::command_line& to);
