// SPDX-License-Identifier: BSL-1.0
// What lamina_mnist_mlp.cpp does, with dlib: the yardstick of its compile time.
#include <dlib/data_io.h>
#include <dlib/dnn.h>

#include <iostream>

using namespace dlib;

using mnist_mlp = loss_multiclass_log<
    fc<10, relu<fc<512, relu<fc<512, input<matrix<unsigned char>>>>>>>>;

int main(int, char** arguments) {
  std::vector<matrix<unsigned char>> images, test_images;
  std::vector<unsigned long> labels, test_labels;
  load_mnist_dataset(arguments[1], images, labels, test_images, test_labels);
  mnist_mlp net;
  dnn_trainer<mnist_mlp, adam> trainer(net, adam(0.0F, 0.9F, 0.999F));
  trainer.set_learning_rate(1e-3);
  trainer.set_mini_batch_size(32);
  trainer.set_max_num_epochs(5);
  trainer.be_verbose();
  trainer.train(images, labels);
  net.clean();
  const std::vector<unsigned long> answers = net(test_images);
  long right = 0;
  for (std::size_t i = 0; i < answers.size(); ++i) right += answers[i] == test_labels[i];
  std::cout << right << " of " << answers.size() << '\n';
  serialize("mnist_mlp.dat") << net;
}
